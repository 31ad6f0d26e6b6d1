"""Pages in arXiv's own formats, built from the model, for the demo, the tests and the benchmarks."""

from bot.demo.pages.feeds import api_error, api_feed, atom_feed, feed_error, rss_feed
from bot.demo.pages.listing import SHOW_VALUES, error_page, listing_page, outage_page, unavailable_page
from bot.demo.pages.oai import (
    DatedPaper,
    oai_error,
    oai_identify,
    oai_metadata_formats,
    oai_record,
    oai_records,
    oai_sets,
    set_spec,
)

__all__ = [
    "SHOW_VALUES",
    "DatedPaper",
    "api_error",
    "api_feed",
    "atom_feed",
    "error_page",
    "feed_error",
    "listing_page",
    "oai_error",
    "oai_identify",
    "oai_metadata_formats",
    "oai_record",
    "oai_records",
    "oai_sets",
    "outage_page",
    "rss_feed",
    "set_spec",
    "unavailable_page",
]
