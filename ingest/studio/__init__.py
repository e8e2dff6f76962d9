"""What the studio of :mod:`bot.ui.studio` works with: the files of the draft, their entries, and publishing them."""
