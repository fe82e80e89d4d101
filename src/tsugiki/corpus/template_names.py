"""What is known about templates by their names (lower case): what they show, and which show nothing of the subject."""

import re


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split("|"))


def _pairs(pairs: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in pairs.split("|"))


FIRST = _names(
    "仮リンク|link-interwiki|ill2|ill|日本語版にない記事リンク|link-en|enlink|en|small|smaller|smallsup|big|"
    "large|larger|nowrap|nobr|nobold|normal|center|unicode|拡張漢字|補助漢字フォント|jis2004フォント|"
    "jis90フォント|cp932フォント|機種依存文字|特殊文字|hentaigana|visible anchor|vanc|vanchor|大文字|sup|sub|"
    "sic|underline|u|s|del|ins|bold|strong|em|italic|i|b|tt|code|mono|quote|quotation|"
    "cquote|bquote|blockquote|行内引用|ipa|ipa2|ipa-all|lang2iso|val|formatnum|mvar|math|chem|"
    "改行禁止|読み仮名なし|multicol|段組|columns-list|columns|hidden body|plainlist|flatlist|indent|align|"
    "right|left|box|by|補完|訂正|twitter text|要曖昧さ回避|tooltip|abbr|ruby2|visible|nihongo title"
)
"""Templates that show their first unnamed part."""

LAST = _names(
    "lang|llang|rtl-lang|transl|transliteration|color|colour|色|font color|fontcolor|font|背景色|"
    "background color|colors|weight|bgcolor|fontsize|font size|resize|"
    "audio|音声|linktext|langwithname|lang-latn|cjkv|uc|lc"
)
"""Templates that show their last unnamed part."""

ALL = _names(
    "ubl|unbulleted list|hlist|plain list|flat list|plainlist2|ブロック|縦書き|bulleted list|ordered list|リスト"
)
"""Templates that show all their unnamed parts."""

READING = _names("ruby|ルビ|読み仮名|読み仮名 ruby不使用|ruby-ja|rubi|ふりがな|振り仮名|r-ja|補助振り仮名")
"""Templates that show their first part with its reading, the second."""

DATE = _names(
    "生年月日と年齢|生年月日|birth date and age|birth date|"
    "death date and age|death date|start date|end date|start date and age|film date|release date|date|日付|"
    "開始日|終了日|birth-date and age"
)
"""Templates that show a date given as year, month and day; of two dates in one, the later is the first three parts."""

LATER_DATE = _names("死亡年月日と没年齢|没年月日と没年齢|死亡年月日と没馬齢|死亡年月日|没年月日")
"""Templates of Japanese pages that take a birth date and then the date of death, which they show."""

EPISODE = _names("episode list|japanese episode list|episode list/sublist|エピソードリスト|各話リスト/話")
"""Rows of a table that each are a template with named parts."""

CITATION = _names(
    "cite web|cite book|cite news|cite journal|citation|cite|cite press release|cite episode|cite video|"
    "cite av media|cite magazine|cite interview|cite report|cite thesis|cite conference|citenews|"
    "cite encyclopedia|cite serial|cite music release|cite map|cite podcast|cite tweet|cite 映画|wikicite"
)
"""Sources; outside footnotes they are often the works a page lists."""

LITERAL = {
    "!": "|",
    "!!": "||",
    "!-": "\n|-",
    "(!": "{|",
    "!)": "|}",
    "(": "{",
    ")": "}",
    "((": "{{",
    "))": "}}",
    "=": "=",
    "*": "・",
    "·": "・",
    "・": "・",
    "dot": "・",
    "•": "・",
    "ndash": "–",
    "mdash": "—",
    "spaces": " ",
    "sp": " ",
    "br": "<br>",
    "改行": "<br>",
    "'": "'",
    "sharp": "♯",
    "シャープ": "♯",
    "flat": "♭",
}
"""Templates that stand for fixed characters."""

COUNTRY = _pairs(
    "jpn=日本|usa=アメリカ合衆国|gbr=イギリス|uk=イギリス|fra=フランス|ger=ドイツ|deu=ドイツ|ita=イタリア|"
    "esp=スペイン|chn=中国|prc=中華人民共和国|roc=中華民国|twn=台湾|kor=韓国|prk=北朝鮮|hkg=香港|can=カナダ|"
    "aus=オーストラリア|nzl=ニュージーランド|rus=ロシア|urs=ソビエト連邦|ussr=ソビエト連邦|ukr=ウクライナ|"
    "blr=ベラルーシ|ind=インド|tha=タイ|phi=フィリピン|vie=ベトナム|vnm=ベトナム|ina=インドネシア|"
    "idn=インドネシア|mas=マレーシア|mys=マレーシア|sin=シンガポール|sgp=シンガポール|bra=ブラジル|"
    "arg=アルゼンチン|mex=メキシコ|ven=ベネズエラ|ned=オランダ|nld=オランダ|bel=ベルギー|sui=スイス|"
    "che=スイス|aut=オーストリア|swe=スウェーデン|nor=ノルウェー|fin=フィンランド|den=デンマーク|"
    "dnk=デンマーク|pol=ポーランド|cze=チェコ|hun=ハンガリー|gre=ギリシャ|grc=ギリシャ|por=ポルトガル|"
    "prt=ポルトガル|tur=トルコ|isr=イスラエル|egy=エジプト|rsa=南アフリカ|zaf=南アフリカ|irl=アイルランド|"
    "nru=ナウル|tuv=ツバル|van=バヌアツ|"
    "afg=アフガニスタン|alb=アルバニア|alg=アルジェリア|dza=アルジェリア|ago=アンゴラ|"
    "arm=アルメニア|aze=アゼルバイジャン|bah=バハマ|bhs=バハマ|ban=バングラデシュ|"
    "bgd=バングラデシュ|bar=バルバドス|brb=バルバドス|ben=ベナン|btn=ブータン|bhu=ブータン|"
    "bol=ボリビア|bih=ボスニア・ヘルツェゴビナ|bot=ボツワナ|bwa=ボツワナ|bru=ブルネイ|brn=ブルネイ|"
    "bul=ブルガリア|bgr=ブルガリア|bfa=ブルキナファソ|cam=カンボジア|khm=カンボジア|cmr=カメルーン|"
    "chi=チリ|chl=チリ|cgo=コンゴ共和国|cog=コンゴ共和国|cod=コンゴ民主共和国|crc=コスタリカ|"
    "cri=コスタリカ|civ=コートジボワール|cro=クロアチア|hrv=クロアチア|cub=キューバ|cyp=キプロス|"
    "dom=ドミニカ共和国|ecu=エクアドル|esa=エルサルバドル|slv=エルサルバドル|eri=エリトリア|"
    "est=エストニア|eth=エチオピア|eur=欧州連合|eu=欧州連合|fij=フィジー|fji=フィジー|"
    "gab=ガボン|gha=ガーナ|gua=グアテマラ|gtm=グアテマラ|gui=ギニア|gin=ギニア|hai=ハイチ|"
    "hti=ハイチ|hon=ホンジュラス|hnd=ホンジュラス|isl=アイスランド|iri=イラン|irn=イラン|"
    "irq=イラク|jam=ジャマイカ|jor=ヨルダン|kaz=カザフスタン|ken=ケニア|kir=キリバス|"
    "kuw=クウェート|kwt=クウェート|kgz=キルギス|lao=ラオス|lat=ラトビア|lva=ラトビア|"
    "lib=レバノン|lbn=レバノン|lby=リビア|lie=リヒテンシュタイン|ltu=リトアニア|lux=ルクセンブルク|"
    "mac=マカオ|mad=マダガスカル|mdg=マダガスカル|mdv=マルディブ|mli=マリ共和国|mlt=マルタ|"
    "mhl=マーシャル諸島|mda=モルドバ|mon=モナコ|mco=モナコ|mgl=モンゴル国|mng=モンゴル国|"
    "mne=モンテネグロ|mar=モロッコ|moz=モザンビーク|mya=ミャンマー|mmr=ミャンマー|nam=ナミビア|"
    "nep=ネパール|npl=ネパール|nca=ニカラグア|nic=ニカラグア|nig=ニジェール|ner=ニジェール|"
    "ngr=ナイジェリア|nga=ナイジェリア|niu=ニウエ|oma=オマーン|omn=オマーン|pak=パキスタン|"
    "plw=パラオ|ple=パレスチナ|pan=パナマ|png=パプアニューギニア|par=パラグアイ|pry=パラグアイ|"
    "per=ペルー|phl=フィリピン|qat=カタール|rok=韓国|rou=ルーマニア|rwa=ルワンダ|sam=サモア|"
    "wsm=サモア|smr=サンマリノ|ksa=サウジアラビア|sau=サウジアラビア|sen=セネガル|srb=セルビア|"
    "svk=スロバキア|slo=スロベニア|svn=スロベニア|sol=ソロモン諸島|slb=ソロモン諸島|som=ソマリア|"
    "sri=スリランカ|lka=スリランカ|sud=スーダン|sdn=スーダン|syr=シリア|tan=タンザニア|"
    "tza=タンザニア|tjk=タジキスタン|tls=東ティモール|tga=トンガ|ton=トンガ|tun=チュニジア|"
    "tkm=トルクメニスタン|uga=ウガンダ|uae=アラブ首長国連邦|are=アラブ首長国連邦|un=国際連合|"
    "uru=ウルグアイ|ury=ウルグアイ|uzb=ウズベキスタン|vut=バヌアツ|vat=バチカン|yem=イエメン|"
    "zam=ザンビア|zmb=ザンビア|zim=ジンバブエ|zwe=ジンバブエ|mkd=北マケドニア|eng=イングランド|"
    "sco=スコットランド|wal=ウェールズ"
)
"""Flags by country code; they show the country's name."""

FLAG = _names("flag|flagu|flagcountry|flagcountry2|flag2")
"""Templates that show a country's name, given its code or the name itself."""

ERAS = ((1868, "明治"), (1912, "大正"), (1926, "昭和"), (1989, "平成"), (2019, "令和"))
"""First year and name of each era."""

LANGUAGE = _pairs(
    "en=英語|ja=日本語|fr=フランス語|de=ドイツ語|es=スペイン語|it=イタリア語|pt=ポルトガル語|ru=ロシア語|"
    "zh=中国語|ko=韓国語|ar=アラビア語|fa=ペルシア語|he=ヘブライ語|tr=トルコ語|hi=ヒンディー語|th=タイ語|"
    "vi=ベトナム語|id=インドネシア語|ms=マレー語|la=ラテン語|el=ギリシャ語|grc=古代ギリシャ語|nl=オランダ語|"
    "sv=スウェーデン語|no=ノルウェー語|da=デンマーク語|fi=フィンランド語|is=アイスランド語|pl=ポーランド語|"
    "cs=チェコ語|sk=スロバキア語|hu=ハンガリー語|ro=ルーマニア語|bg=ブルガリア語|uk=ウクライナ語|"
    "sr=セルビア語|hr=クロアチア語|bs=ボスニア語|sq=アルバニア語|ca=カタルーニャ語|ga=アイルランド語|"
    "qu=ケチュア語|km=クメール語|hy=アルメニア語|az=アゼルバイジャン語|ka=グルジア語|kk=カザフ語|"
    "mn=モンゴル語|eo=エスペラント"
)
"""Languages that `lang-xx` templates name before the words they show."""

NOT_INFOBOX = re.compile(
    r"^(?:navbox|前後番組|先代次代|succession|sfn|harv|r$|efn|refn|注釈|脚注|reflist|commons|wik|sister|ウィキ|"
    r"otheruses|about|redirect|main|see|出典|独自研究|要|複数の問題|特筆性|存命|参照|観点|宣伝|大言壮語|"
    r"半保護|保護|notice|ambox|告知|leftpanel|クレジット|legend|location map|coord|ウィキ座標|portal|ポータル|"
    r"デフォルトソート|defaultsort|authority|典拠管理|cite|col|multiple image|画像提供|external media|listen|"
    r"track listing/|toc|jis|image label|superimpose|audio|webarchive|dead|リンク切れ|節stub|.*stub$|加筆|"
    r"内容過剰|雑多|あらすじ|良質|gallery|pic|double image|s-|各|maplink|mapframe|"
    r"osm location map)"
)
"""Templates with named parts that say nothing of the subject: navigation, maintenance, sources, images."""
