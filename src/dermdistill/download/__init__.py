"""Published data sets from their official hosts, whole or not at all."""
