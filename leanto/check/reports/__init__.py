"""Writes one check as what people, pipelines and code hosts read."""
