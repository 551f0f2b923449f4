"""Many sounds at once: cue sheets, quality gates, sets of related takes, a journal to go on from, a report."""
