// Pages are whole without any of this; it makes them live and quicker to use.

import "htmx.org";
import "./choose";
import "./drafts";
import "./live-page";
import "./rate-chart";
import "./pages.css";

document.documentElement.classList.add("is-live");
