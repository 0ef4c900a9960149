"""Every figure of a run, computed once and stored as ``judgement.json``; no training library is imported."""
