"""What the site is, whom it thanks, and what it knows about its readers. Pure."""

from bot.render import labels
from bot.render.text import sanitise
from bot.web import words
from bot.web.pages import AboutPage, PrivacyPage
from bot.web.views.cards import spoken
from bot.web.views.frame import View, render


def render_about(page: AboutPage) -> bytes:
    """Return what this is, where papers come from, who wrote the summaries, and thanks to arXiv."""
    view = View.of(page.frame)
    texts = view.texts
    what = [texts.say(words.ABOUT_WHAT), texts.say(words.ABOUT_COMPLETE)]
    if page.categories:
        what.append(texts.say(words.ABOUT_READS, categories=spoken(view, page.categories)))
    if page.first is not None and page.last is not None:
        what.append(texts.say(words.ABOUT_SPAN, first=texts.date(page.first), last=texts.date(page.last)))
    writers = [texts.say(words.ABOUT_MODELS)]
    if page.producers:
        writers.append(texts.say(words.ABOUT_MADE_BY, models=spoken(view, page.producers)))
    else:
        writers.append(texts.say(words.ABOUT_EXTRACTED))
    sections = [
        ("", what),
        (texts.say(words.WHO_WRITES), writers),
        (texts.say(words.THANKS_TITLE), [texts.say(labels.THANKS), texts.say(words.ABOUT_ARXIV)]),
        ("", [texts.say(words.VERSION_LINE, version=sanitise(page.version))]),
    ]
    title = texts.say(words.ABOUT_TITLE)
    return render(view, "about.html.j2", title=title, description=what[0], content={"sections": sections})


def render_privacy(page: PrivacyPage) -> bytes:
    """Return what is known about readers of the site and users of the bot."""
    view = View.of(page.frame)
    say = view.texts.say
    sections = [
        (say(words.PRIVACY_SITE_TITLE), [say(words.PRIVACY_SITE)]),
        (say(words.PRIVACY_LINKS_TITLE), [say(words.PRIVACY_LINKS)]),
        (say(words.PRIVACY_BOT_TITLE), [say(words.PRIVACY_BOT)]),
    ]
    title, description = say(words.PRIVACY), say(words.PRIVACY_SITE)
    return render(view, "about.html.j2", title=title, description=description, content={"sections": sections})
