"""What keeps the text true: numbers, languages, translations, links.

`pages` and `prose` read, `numerals` and `syntax` understand what is read; on these stand the checks
`pairing`, `translations`, `prose_numbers`, `claims` and `links`, each of which gives `Finding`s.
`canonical` writes a notebook the one way it is written, `colab` gives it its first cell.
"""
