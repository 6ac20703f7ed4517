"""The policy pack: rules on cost, encryption, exposure, identity, secrets and governance, and how they read a stack."""
