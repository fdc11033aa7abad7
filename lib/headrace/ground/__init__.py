"""What everything stands on: errors, intervals, documents, mergeable states, configuration, the session."""
