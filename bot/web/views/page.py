"""Which view makes which page. Pure."""

from bot.web.pages import (
    AboutPage,
    BriefPage,
    DayPage,
    FrontPage,
    Page,
    PaperPage,
    PrivacyPage,
    RootPage,
    SearchPage,
    TopicList,
    TopicPage,
)
from bot.web.views.about import render_about, render_privacy
from bot.web.views.briefs import render_brief
from bot.web.views.lists import render_day, render_front, render_root, render_topic, render_topics
from bot.web.views.papers import render_paper
from bot.web.views.search import render_search


def render_page(page: Page) -> bytes:  # one case per kind of page
    """Return a page as HTML in UTF-8. Raises `addresses.NoAddress` where a path in it cannot be made."""
    match page:
        case RootPage():
            return render_root(page)
        case FrontPage():
            return render_front(page)
        case DayPage():
            return render_day(page)
        case TopicList():
            return render_topics(page)
        case TopicPage():
            return render_topic(page)
        case BriefPage():
            return render_brief(page)
        case PaperPage():
            return render_paper(page)
        case SearchPage():
            return render_search(page)
        case AboutPage():
            return render_about(page)
        case PrivacyPage():
            return render_privacy(page)
