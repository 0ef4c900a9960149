"""More than one machine: trainings and bulk scoring on Ray. No other room imports ray."""
