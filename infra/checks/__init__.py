"""What settings must fulfil together, and what the catalogue knows about them: one file a subject."""
