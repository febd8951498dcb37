"""Messages to users: the outbox, its worker and the message templates.

What other subjects may use of it is listed here.
"""

from meshydb_server.services.messages.outbox import Delivery, DeliveryError, Outbox, Post, RefusedForGoodError
from meshydb_server.services.messages.slots import SlotLimits
from meshydb_server.services.messages.templates import Letter, MessageKind
from meshydb_server.services.messages.worker import OutboxWorker

__all__ = [
    "Delivery",
    "DeliveryError",
    "Letter",
    "MessageKind",
    "Outbox",
    "OutboxWorker",
    "Post",
    "RefusedForGoodError",
    "SlotLimits",
]
