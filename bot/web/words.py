"""Every word of ours that only the web edition shows, in one place for translation; never a word of a paper.

What a brief says everywhere is in `bot.render.labels`.
"""

from bot.i18n import mark

SKIP = mark("Skip to the content")
SITE = mark("Site")
LANGUAGE = mark("Language")
LATEST = mark("Latest")
TOPICS = mark("Topics")
SEARCH = mark("Search")
ABOUT = mark("About")
PRIVACY = mark("Privacy")
FEEDS = mark("Feeds")
MACHINE_MADE = mark(
    "Summaries are made by machines, from abstracts. They are for choosing what to read: check the paper before you "
    "rely on one."
)
STRAPLINE = mark("What arXiv announced, by day and topic")

LATEST_BRIEFS = mark("Latest briefs")
NEXT_DUE = mark("The next announcement, dated {day}, is due on {date} at {time} UTC.")
NEXT_DUE_THEN = mark("The next announcement is due on {date} at {time} UTC.")
NO_BRIEFS = mark("No brief was posted yet. The first one appears here after arXiv's next announcement.")

RECEIPT = mark("Receipt")
READ = mark("read")
RECEIPT_OF = mark("What arXiv announced in {categories}, and what became of it:")
NOT_SHOWN = mark("Not shown: {reasons}.")
DAY_TITLE = mark("Briefs of {day}")
CATEGORIES = mark("Categories")
CATEGORY = mark("Category")
STATE = mark("State")
NEW = mark("New")
CROSS_LISTED = mark("Cross-listed")
STATES = {
    "fresh": mark("complete"),
    "waiting": mark("not announced yet"),
    "quiet": mark("no announcement due"),
    "stalled": mark("overdue"),
    "partial": mark("incomplete"),
    "failed": mark("could not be read"),
}
REBUILT_LATE = mark("read late")
SILENT = mark("Without a brief")
NOTHING_YET = mark("No brief yet")
BRIEF_OF = mark("{topic}, {day}")
DAY_BEFORE = mark("Day before")
DAY_AFTER = mark("Day after")
TOPIC_BEFORE = mark("Previous topic")
TOPIC_AFTER = mark("Next topic")
PAGES_NEAR = mark("Previous and next")
THIS_BRIEF_IN = mark("This brief in")
POSTED = mark("Posted on {date} at {time} UTC")
QUERY = mark("Its query")
EMPTY_TOPICS = mark("There are no topics yet.")

ABSTRACT_IN = mark("Abstract in {language}")
ORIGINAL_ABSTRACT = mark("Original abstract")
FACTS = mark("Facts")
ANNOUNCED_ON = mark("Announced")
SUBMITTED = mark("Submitted")
READERS = mark("Readers")
FIGURES = mark("Figures")
RELATED = mark("Related papers")
SURVEYS = mark("Surveys near it")
SHOWN_IN = mark("In briefs")
PLACE = mark("number {place}")
WITHDRAWN = mark("This paper was withdrawn by its authors or by arXiv.")
NO_ABSTRACT = mark("There is no abstract.")

SEARCH_TITLE = mark("Search the papers")
SEARCH_LABEL = mark("Words of titles, names of authors, categories or identifiers")
SEARCH_BUTTON = mark("Search")
SEARCH_HINT = mark("Put words that belong together in double quotes. All words must be found.")
SEARCH_SPAN = mark("announced from {first} to {last}")
SEARCH_EMPTY = mark("There are no papers to search yet.")
SEARCH_NO_SCRIPT = mark(
    "The search runs in your browser and needs JavaScript, which is off or blocked here. Without it, the lists of days "
    "and topics lead to every paper."
)
SEARCH_RUNNING = mark("Searching…")
SEARCH_NONE = mark("Nothing found.")
SEARCH_FOUND = mark("Found: {n}. Papers announced since {since} were searched.")
SEARCH_ALL_FOUND = mark("Found: {n}. All papers were searched.")
SEARCH_MORE = mark("Search older papers")
SEARCH_SHOW = mark("Show more")
SEARCH_BROKEN = mark(
    "The search index could not be loaded. Opened from a disk, browsers do not let a page read it: look at this site "
    "through a web server."
)

ABOUT_TITLE = mark("About this site")
ABOUT_WHAT = mark(
    "Paper Brief reads what arXiv announces on each announcement day, keeps what matches a topic, ranks it and briefs "
    "on the best of it. These pages are the briefs that were posted, unchanged: made once, without tracking, without "
    "anything loaded from elsewhere. A script runs on the search page only."
)
ABOUT_COMPLETE = mark(
    "Every brief has a receipt: how many papers arXiv announced, how many were read, matched and shown, and why the "
    "others are not. A day without a brief says why."
)
ABOUT_READS = mark("Categories that are read: {categories}.")
ABOUT_SPAN = mark("Briefs from {first} to {last}.")
WHO_WRITES = mark("Who writes the summaries")
ABOUT_MODELS = mark(
    "Each summary names who wrote it: a language model, by name, or “extracted from the abstract”. Sentences carry the "
    "numbers of the sentences of the abstract that they rest on; numbers that the abstract does not have are never "
    "shown. Nevertheless a summary may mislead: rely on the paper."
)
ABOUT_MADE_BY = mark("Models so far: {models}.")
ABOUT_EXTRACTED = mark("So far all summaries were extracted from abstracts.")
THANKS_TITLE = mark("Thanks to arXiv")
ABOUT_ARXIV = mark(
    "Titles, abstracts and authors come from arXiv, which is not affiliated with this site and does not endorse it. "
    "Papers belong to their authors under the licence each of them names; figures are shown only where that licence "
    "allows it."
)
VERSION_LINE = mark("Made by Paper Brief {version}.")

PRIVACY_SITE_TITLE = mark("Readers of these pages")
PRIVACY_SITE = mark(
    "These pages set no cookies, count nobody and load nothing from anywhere else. A search stays in your browser. "
    "Whoever runs the web server may keep its usual log of requests."
)
PRIVACY_BOT_TITLE = mark("Users of the bot")
PRIVACY_BOT = mark(
    "The bot that posts these briefs in Discord stores the papers you save, those you mark as relevant or not, and "
    "which papers you look up. Two of its commands list all of it and delete it: `/privacy` and `/forget-me`. These "
    "pages show only how often a paper was looked up and saved, never by whom."
)
PRIVACY_LINKS_TITLE = mark("Links to other sites")
PRIVACY_LINKS = mark("Links to arXiv and other sites tell them nothing about the page that you come from.")
