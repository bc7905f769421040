"""Where data may lie, where they flow, and what makes a transfer lawful."""
