"""Which AWS regions lie in the EU, and which in the United States."""

EU_REGIONS = frozenset({"eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"})
"""Regions in member states of the EU. eu-west-2 is in the United Kingdom, eu-central-2 in Switzerland."""

US_REGIONS = frozenset({"us-east-1", "us-east-2", "us-west-1", "us-west-2"})
