"""Predictors and the predictions table: everything after training sees models through these."""
