"""Messages to users: the outbox, its worker and the message templates.

What other subjects may use of it is listed here.
"""

from meshydb_server.services.messages.outbox import (
    Delivery,
    DeliveryError,
    Outbox,
    OutgoingMessage,
    RefusedForGoodError,
)
from meshydb_server.services.messages.slots import SlotLimits
from meshydb_server.services.messages.templates import MessageContent, MessageKind
from meshydb_server.services.messages.worker import OutboxWorker

__all__ = [
    "Delivery",
    "DeliveryError",
    "MessageContent",
    "MessageKind",
    "Outbox",
    "OutboxWorker",
    "OutgoingMessage",
    "RefusedForGoodError",
    "SlotLimits",
]
