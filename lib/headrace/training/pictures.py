"""Pictures of a candidate on its validation cutoffs, as PNG bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.int64]
    Scores = NDArray[np.float64]


def draw(name: str, labels: Labels, scores: Scores) -> dict[str, bytes]:
    """File name -> PNG: the precision-recall curve and the calibration by tenths of the rows."""
    return {
        "precision_recall.png": _precision_recall(name, labels, scores),
        "calibration.png": _calibration(name, labels, scores),
    }


def _precision_recall(name: str, labels: Labels, scores: Scores) -> bytes:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(labels, scores)
    figure, axes = _figure()
    axes.plot(recall, precision, drawstyle="steps-post", label=f"AP {average_precision_score(labels, scores):.3f}")
    axes.axhline(labels.mean(), color="grey", linestyle="--", label=f"at random {labels.mean():.3f}")
    axes.set(title=f"{name}: precision and recall", xlabel="recall (share of positives found)", xlim=(0, 1))
    axes.set(ylabel="precision (share of the found that are positive)", ylim=(0, 1.02))
    axes.legend(loc="upper right")
    return _png(figure)


def _calibration(name: str, labels: Labels, scores: Scores) -> bytes:
    tenths = np.array_split(np.argsort(scores, kind="stable"), 10)
    filled = [tenth for tenth in tenths if len(tenth)]
    said, seen = [scores[tenth].mean() for tenth in filled], [labels[tenth].mean() for tenth in filled]
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", label="perfect")
    axes.plot(said, seen, marker="o", label="a tenth of the rows each")
    axes.set(title=f"{name}: calibration", xlabel="mean score", ylabel="share of positives", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")
    return _png(figure)


def _figure() -> tuple[Any, Any]:
    """A figure on an Agg canvas of its own: no pyplot, no display, no state shared between threads."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot(xmargin=0.02)


def _png(figure: Any) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
