"""A window in which a camera's answers are seen, where there is a screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..engine import FrameAnswer


def show_answers(answers: Iterator[FrameAnswer], title: str) -> None:
    """Show each answer as it comes, until the window is closed.

    Raises:
        ConfigError: There is no screen, or no Tk.
        VideoError: The camera cannot be used, or stopped.
    """
    try:
        import tkinter

        from PIL import ImageTk

        window = tkinter.Tk()
    except (ImportError, RuntimeError) as error:
        raise ConfigError(f"no window can be shown here ({error}): give --out") from error
    except tkinter.TclError as error:
        raise ConfigError(f"no window can be shown here ({error}): give --out") from error
    window.title(title)
    label = tkinter.Label(window, borderwidth=0)
    label.pack()
    is_open = [True]
    window.protocol("WM_DELETE_WINDOW", is_open.clear)
    try:
        for frame in answers:
            picture = ImageTk.PhotoImage(frame.answer.draw(legend=False))
            label.configure(image=picture)
            window.update()
            if not is_open:
                break
    finally:
        window.destroy()
