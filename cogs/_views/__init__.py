"""What opens for the one who asked, and the persistent buttons and menus under it.

Everything a component needs stands in its `custom_id` or in the message it belongs to: nothing is stored per message,
and a restart loses nothing. Shared by the cogs that show papers and briefs.
"""
