"""Letters that are written without spaces between words."""

from __future__ import annotations

import re

__all__ = ["CJK"]

CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
