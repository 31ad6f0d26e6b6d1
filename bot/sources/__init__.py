"""Reading arXiv: listing pages, feeds, API, OAI-PMH. Each returns model objects and stores nothing."""
