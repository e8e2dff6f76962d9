"""What to say: the situation, the decision, the wording, the memory of a conversation."""

from bot.records import Citation, Outcome, Reply, Role, Scenario, TurnView

__all__ = ["Citation", "Outcome", "Reply", "Role", "Scenario", "TurnView"]
