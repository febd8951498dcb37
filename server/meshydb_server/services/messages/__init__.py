"""Messages to users: the outbox, its worker and the message templates.

Other subjects may use only what is listed here.
"""

from meshydb_server.services.messages.outbox import (
    Delivery,
    DeliveryError,
    Outbox,
    OutgoingMessage,
    PermanentDeliveryError,
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
    "PermanentDeliveryError",
    "SlotLimits",
]
