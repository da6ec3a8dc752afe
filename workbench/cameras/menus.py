"""Words of cameras' own menus: what to type where, by vendor, and the limits of the fields.

Sources: VIGI https://www.tp-link.com/en/support/faq/4911/, UniFi https://help.ui.com/hc/en-us/articles/27721287753239,
Hanwha https://hanwhavisionsupport.com/articles/41832094057115, Hikvision's limits from ``httpHosts/capabilities`` of
ISAPI (urlLen 128, userNameLen 32, passwordLen 16), Axis' user manuals ("Recipients"). The others are from the makers'
integration guides, and words differ between firmware versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipc_ai_catalogue import nearest
from workbench.errors import CameraError

GENERIC = "generic"


@dataclass(frozen=True)
class Menu:
    """Menu of a vendor's cameras.

    Attributes:
        title: the vendor's name.
        place: the way to the page in the camera's web interface, or on the console that sends for its cameras.
        fields: words of the page, in its order, and what is typed there, with ``{host}``, ``{port}``, ``{protocol}``,
            ``{path}``, ``{path_with_key}``, ``{url}``, ``{url_with_key}``, ``{user}``, ``{password}``, ``{key}``.
        longest: most characters of a field, by its word.
        notes: what one has to know besides.
    """

    title: str
    place: str
    fields: Mapping[str, str]
    longest: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


_HIKVISION = Menu(
    title="Hikvision",
    place="Configuration > Network > Advanced Settings > HTTP Listening (newer: Alarm Server), and in each event's "
    "Linkage Method: Notify Surveillance Center",
    fields={
        "Destination IP or Host Name": "{host}",
        "URL": "{path_with_key}",
        "Port": "{port}",
        "Protocol": "{protocol}",
    },
    longest={"URL": 128},
    notes=(
        "where it asks for a user and password, they may stand there instead of the key in the URL: at most 32 and 16 "
        "characters, which those above are",
        "after saving, open the page again: some recorders refuse a host name or HTTPS and silently go back to "
        "0.0.0.0, port 80",
    ),
)
_DAHUA = Menu(
    title="Dahua",
    place="Setting > Network > Platform Access (or Auto Upload) > ITSAPI, or HTTP",
    fields={
        "Server Address": "{host}",
        "Port": "{port}",
        "Upload Path, or URL": "{path_with_key}",
        "User Name": "{user}",
        "Password": "{password}",
        "HTTPS": "on for port 443",
    },
    notes=(
        "it calls its own paths below this one, and the root of the host for its heartbeat; both are answered",
        "if it only takes a host and a port, let its user name and password be those above",
    ),
)
MENUS: Mapping[str, Menu] = {
    "hikvision": _HIKVISION,
    "dahua": _DAHUA,
    "axis": Menu(
        title="Axis",
        place="System > Events > Recipients > Add recipient; then Rules > Add rule, action Send images through HTTPS",
        fields={"Type": "{protocol}", "URL": "{url}", "Username": "{user}", "Password": "{password}"},
        notes=("Test sends a GET, which is answered with 200",),
    ),
    "uniview": Menu(
        title="Uniview",
        place="Setup > System > Server > Intelligent Server",
        fields={
            "Platform Communication Type": "LAPI",
            "Server IP, or Domain Name": "{host}",
            "Server Port": "{port}",
            "Server Path": "{path_with_key}",
            "Username": "{user}",
            "Password": "{password}",
        },
        notes=("it calls /LAPI/V1.0/... below the path, or below the root where it has no field for the path",),
    ),
    "vigi": Menu(
        title="TP-Link VIGI",
        place="Settings > Event > Alarm Server > Add",
        fields={
            "Host IP / Domain": "{host}",
            "URL": "{path_with_key}",
            "Protocol": "{protocol}",
            "Port": "{port}",
            "Attach an image": "on",
        },
    ),
    "tvt": Menu(
        title="TVT, Viewtron",
        place="Config > Network > HTTP POST > Add",
        fields={
            "Protocol": "{protocol}",
            "Domain / IP": "{host}",
            "Server Port": "{port}",
            "Path": "{path_with_key}",
            "User Name": "{user}",
            "Password": "{password}",
            "Heartbeat interval": "60 s",
        },
        notes=("choose that the scene and the target picture are sent",),
    ),
    "unifi": Menu(
        title="UniFi Protect",
        place="Alarm Manager > Create Alarm > Action: Webhook > Custom Webhook, on the console",
        fields={
            "Delivery URL": "{url}",
            "Method": "POST",
            "Headers": "Authorization: Bearer {key}",
            "Use Thumbnails": "on",
        },
        notes=("the console sends for all its cameras: this camera's name is then the console's",),
    ),
    "qtech": Menu(
        title="QTECH",
        place="Network > HTTP POST, or Alarm Server",
        fields={"URL": "{url_with_key}", "Keepalive": "1 min"},
        longest={"URL": 128},
    ),
    "hanwha": Menu(
        title="Hanwha Vision (Wisenet)",
        place="Event > Handover, with an HTTP action",
        fields={"URL": "{url_with_key}", "User": "{user}", "Password": "{password}"},
        notes=("it sends no picture: its calls are events and signs of life alone",),
    ),
    "reolink": Menu(
        title="Reolink",
        place="Settings > Surveillance > Push > Webhook, where the firmware has it",
        fields={"URL": "{url_with_key}"},
        notes=("it sends no picture that way; pictures go by FTP or e-mail alone",),
    ),
    "bosch": Menu(
        title="Bosch",
        place="Alarm > Alarm Task Editor",
        fields={"HttpCommand": "{url_with_key}"},
        notes=("it sends no picture: its calls are events and signs of life alone",),
    ),
    "onvif": Menu(
        title="ONVIF",
        place="no menu: a program subscribes for the camera, by WS-BaseNotification",
        fields={"ConsumerReference Address": "{url_with_key}"},
        notes=("many cameras take HTTP alone there, and no user: this is for a listener on the LAN",),
    ),
    "blueiris": Menu(
        title="Blue Iris",
        place="the camera's properties > Trigger, or Alerts > On alert > Web request",
        fields={
            "URL": "{url_with_key}",
            "Method": "POST",
            "Post text": '{{"camera": "&NAME", "trigger": "&TYPE", "image": "&JPEG"}}',
        },
    ),
    "motioneye": Menu(
        title="motionEye, motion",
        place="File Storage > Run a Command, which is given the picture's path",
        fields={"Command": 'curl -sS -u {user}:{password} -H "Content-Type: image/jpeg" --data-binary @"%f" {url}'},
    ),
    "zoneminder": Menu(
        title="ZoneMinder",
        place="Filters > Execute command on all matches, a script with this line, which is given the event's folder",
        fields={"Command": 'curl -sS -u {user}:{password} -F "file=@$1/snapshot.jpg" {url}'},
    ),
    "homeassistant": Menu(
        title="Home Assistant",
        place="configuration.yaml, shell_command; an automation calls it after camera.snapshot",
        fields={"push": 'curl -sS -u {user}:{password} -F "file=@/config/www/frame.jpg" -F event=motion {url}'},
    ),
    "frigate": Menu(
        title="Frigate",
        place="no menu, for it pushes nothing: a script on its MQTT topic frigate/events fetches and sends snapshots",
        fields={
            "fetch": "curl -sSo frame.jpg http://FRIGATE:5000/api/events/EVENT/snapshot.jpg",
            "send": "curl -sS -u {user}:{password} -F file=@frame.jpg -F event=LABEL {url}",
        },
    ),
    "esp32": Menu(
        title="ESP32-CAM",
        place="its program",
        fields={"host": "{host}", "port": "{port}", "path": "{path_with_key}"},
        notes=("multipart or the JPEG itself; let it check the server's certificate",),
    ),
    GENERIC: Menu(
        title="any other",
        place="HTTP upload, alarm server, webhook, or event recipient",
        fields={
            "Protocol": "{protocol}",
            "Host": "{host}",
            "Port": "{port}",
            "Path, or URL": "{path_with_key}",
            "User": "{user}",
            "Password": "{password}",
        },
        notes=("a user with a password, or the key in the path: one of them suffices",),
    ),
}
_MADE_BY = {
    "annke": "hikvision",
    "lts": "hikvision",
    "hilook": "hikvision",
    "hiwatch": "hikvision",
    "ezviz": "hikvision",
    "cpplus": "dahua",
    "amcrest": "dahua",
    "intelbras": "dahua",
    "lorex": "dahua",
    "imou": "dahua",
    "viewtron": "tvt",
    "provision": "tvt",
    "tplink": "vigi",
    "wisenet": "hanwha",
    "samsung": "hanwha",
    "ubiquiti": "unifi",
    "motion": "motioneye",
    "hass": "homeassistant",
}


def vendor(word: str) -> str:
    """The vendor by a name of it or of a maker that sells its devices.

    Raises:
        CameraError: it is unknown; the nearest is named.
    """
    name = "".join(character for character in word.lower() if character.isalnum())
    name = _MADE_BY.get(name, name)
    if name not in MENUS:
        choices = [*MENUS, *_MADE_BY]
        raise CameraError(f"unknown vendor '{word[:40]}'{nearest(name, choices)}; vendors: {', '.join(choices)}")
    return name
