"""From a predictions table to figures with intervals; nothing here knows a model."""
