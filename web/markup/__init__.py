"""What the page shows, as HTML in which every foreign character has been made harmless.

Knows the result types and the class names of `web/browser/page.css`. Never knows Gradio, nor how an answer was found.
"""
