"""Whether the Hugging Face hub can be reached."""

from __future__ import annotations

import urllib.error
import urllib.request

from huggingface_hub import constants

__all__ = ["hub_answers"]

_WITHIN_S = 5


def hub_answers(within_s: float = _WITHIN_S) -> bool:
    """One short question, since the hub's client asks six times and half a minute.

    Args:
        within_s: How long to wait for the answer.
    """
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")  # noqa: S310  # https unless the user set it
        urllib.request.urlopen(request, timeout=within_s).close()  # noqa: S310  # the same
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
