"""Pages as bytes: `render_page` for whatever `bot.web.pages` describes, and the files that all pages share. Pure.

A door only. What comes out depends on the page alone: the same page gives the same bytes.
"""

from bot.web.views.frame import prepare_views
from bot.web.views.page import render_page
from bot.web.views.search import render_shard
from bot.web.views.style import shared_files

__all__ = ["prepare_views", "render_page", "render_shard", "shared_files"]
