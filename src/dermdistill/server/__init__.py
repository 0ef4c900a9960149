"""The page and a REST API on a clinic's own machine: photographs in, answers out, nothing kept."""
