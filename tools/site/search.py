r"""Search that finds Chinese words as readers type them, without a dictionary.

A run of Chinese characters is cut into all its pairs of neighbours, in the pages and in the query
alike: 随机梯度 is looked up as 随机, 机梯 and 梯度, and so is found in 小批量随机梯度下降.
Pages also list their single characters, for queries of one (轮).  Other words are cut as in
English.
"""

import re

from sphinx.search.en import SearchEnglish

CHINESE = re.compile(r"[\u3400-\u9fff]+")
RUN = re.compile(r"[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])\w)+")

# The same in the browser. A page has to have all the words (Sphinx asks fewer of short ones),
# and pages found show whole runs marked, not their pairs.
IN_THE_BROWSER = r"""
const RUN = /[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])[\p{Letter}\p{Number}_])+/gu;

function splitQuery(query) {
  return (query.match(RUN) || []).flatMap((run) =>
    /^[\u3400-\u9fff]{2}/.test(run)
      ? Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2))
      : [run]
  );
}

if (typeof Search !== "undefined") {
  const { _parseQuery, performTermsSearch } = Search;
  Search._parseQuery = (query) => {
    const parsed = _parseQuery(query);
    parsed[3] = new Set(query.toLowerCase().match(RUN));
    localStorage.setItem("sphinx_highlight_terms", [...parsed[3]].join(" "));
    return parsed;
  };
  Search.performTermsSearch = (words, excluded) => {
    const found = [...words].map((word) => performTermsSearch(new Set([word]), excluded));
    const inAll = ([page]) => found.every((pages) => pages.some(([other]) => other === page));
    return found.length ? found[0].filter(inAll) : [];
  };
}
"""


def cut(query):
    """Cut a query into the words that are looked up.

    Examples
    --------
    >>> cut("轮, Adam 的随机梯度")
    ['轮', 'Adam', '的随', '随机', '机梯', '梯度']
    """
    words = []
    for run in RUN.findall(query):
        if CHINESE.match(run) and len(run) > 1:
            words += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            words.append(run)
    return words


class SearchChinese(SearchEnglish):
    """Chinese in pairs of characters, English words in between by their stems."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = IN_THE_BROWSER

    def split(self, text):
        """Cut a page's text: as a query, and into single characters besides."""
        return cut(text) + list("".join(CHINESE.findall(text)))


def setup(app):
    """Take the place of Sphinx's own Chinese search, which cuts pages and queries differently."""
    app.add_search_language(SearchChinese)
