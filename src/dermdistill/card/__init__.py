"""The evidence of a model in one folder, ready to publish: card, reporting checklists, figures, licence."""
