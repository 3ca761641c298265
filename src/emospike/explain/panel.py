"""Panel: one picture of an explanation. It holds its data, draws itself, and says how it is to be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from emospike.explain.html import Page, Plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Panel(ABC):
    """One picture; a subclass is a frozen dataclass of the data that are drawn.

    Panels with the same title share a section of the page. A caption may have several lines; what a page has said once,
    it does not say again.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the picture's file, and of the panel in an explanation."""

    @property
    @abstractmethod
    def title(self) -> str:
        """Heading of its section."""

    @property
    @abstractmethod
    def alt(self) -> str:
        """What it shows, for those who cannot see it."""

    @property
    def caption(self) -> str:
        """How it was made and is to be read."""
        return ""

    def figure(self) -> Figure | None:
        """Return the picture without its caption; None where there is nothing to draw."""
        return None

    def plot(self) -> Plot | Sequence[Plot] | None:
        """Return what plotly draws on the page, or several views to choose from; None: the page shows the picture."""
        return None

    def hide_faces(self) -> Panel | None:
        """Return the same without a picture of a person; None if nothing is left."""
        return self

    def html(self, page: Page) -> str:
        """Return what the page shows of it, without its title and caption."""
        plot = self.plot()
        if plot is None:
            figure = self.figure()
            return page.picture(figure, self.alt) if figure else ""
        return page.plot(self.name, self.alt, plot) if isinstance(plot, dict) else page.views(self.name, self.alt, plot)
