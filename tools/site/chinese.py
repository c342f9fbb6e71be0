"""What Sphinx, the themes and the extensions say, in Chinese where they have no Chinese for it."""

import gettext

from sphinx.locale import translators

TEXTS = {
    "Color mode": "配色",
    "Contents": "本页目录",
    "Dark": "深色",
    "Download this page": "下载本页",
    "Launch interactive content": "在线运行",
    "Launch on": "在线运行：",
    "Light": "浅色",
    "Link to this definition": "此定义的链接",
    "Link to this equation": "此公式的链接",
    "Link to this heading": "此标题的链接",
    "Main": "全书目录",
    "On this page": "本页目录",
    "Open an issue": "提交问题",
    "Open issue": "提交问题",
    "Pages below this one": "下属各页",
    "Print to PDF": "打印成 PDF",
    "Repository": "源码库",
    "Source repositories": "源码库",
    "Source repository": "源码库",
    "Suggest edit": "修改本页",
    "System Settings": "跟随系统",
    "Toggle primary sidebar": "开关全书目录",
    "Toggle secondary sidebar": "开关本页目录",
    "Version warning": "版本提示",
    "next page": "下一页",
    "previous page": "上一页",
}


class Texts(gettext.NullTranslations):
    """The catalogue of the texts above; what it lacks it asks the others for."""

    def gettext(self, message):
        """Translate one message."""
        return TEXTS.get(message) or super().gettext(message)


def add_texts(app, config):
    """Put our catalogue before each of the others, where the pages are Chinese."""
    if config.language != "zh_CN":
        return
    for key, others in translators.items():
        translators[key] = Texts()
        translators[key].add_fallback(others)
    app.translator = translators["general", "sphinx"]  # what the templates use


def setup(app):
    """Add the texts when all extensions have added theirs."""
    app.connect("config-inited", add_texts, priority=900)
