"""How the administration looks: its names, its colours, and who fills its first page."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "AlgoTrade Lab",
    "SITE_HEADER": "AlgoTrade Lab",
    "SITE_SUBHEADER": "Administration",
    "SITE_ICON": lambda request: static("img/mark.svg"),
    "STYLES": [lambda request: static("css/admin.css")],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")},
    ],
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "algotrade.admin_dashboard.dashboard",
    "SIDEBAR": {"show_search": False, "navigation": "algotrade.admin_dashboard.navigation"},
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # The accent of the pages, from its softest to its deepest.
        "primary": {
            "50": "#f1f6fc",
            "100": "#e4edf9",
            "200": "#c3d8f2",
            "300": "#93b9e8",
            "400": "#6ea8fe",
            "500": "#3e7bd6",
            "600": "#1d5bb8",
            "700": "#17498f",
            "800": "#143c74",
            "900": "#12315d",
            "950": "#0b1f3c",
        },
    },
}
