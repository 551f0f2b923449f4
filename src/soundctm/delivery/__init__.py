"""From takes to files that a sound team accepts: level, format, metadata, names, origin."""

from soundctm.delivery.process import Delivered, Delivery, Report, deliver

__all__ = ["Delivered", "Delivery", "Report", "deliver"]
