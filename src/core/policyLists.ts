// The lists every installation comes with: words by what they are about, in many languages, and what each level makes of them.
// Data only; a change of words is a new version, which audits and strikes name. Words are folded before they are looked for, and a star at
// an end stands for any letters there. Deliberately short: a list that refuses harmless words is switched off and then protects nobody.
import type { Verdict } from './pictureJudgement.ts';

/** How strict a place is. */
export const LEVELS = ['strict', 'standard', 'adult'] as const;
export type Level = (typeof LEVELS)[number];

export const LIST_IDS = ['explicit', 'nudity', 'gore', 'hate'] as const;
export type ListId = (typeof LIST_IDS)[number];

export interface WordList {
  readonly id: ListId;
  /** What is done with a prompt that has a word of it. */
  readonly verdicts: Readonly<Record<Level, Verdict>>;
  readonly words: readonly string[];
}

/** Rises with every change of a word below. */
export const LISTS_VERSION = 2;

const words = (...lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => line.split(',').map((word) => word.trim())).filter((word) => word !== '');

/** Sexual acts and pornography. */
const EXPLICIT = words(
  'porn, porno*, pornstar*, xxx, hentai, nsfw, sex, sexual intercourse, sexual act, having sex, hardcore sex, oral sex, anal sex',
  'blowjob*, blow job*, handjob*, hand job*, fellatio, cunnilingus, deepthroat*, cumshot*, cum, creampie, bukkake, gangbang*, orgy, orgasm*',
  'masturbat*, ejaculat*, penis, penises, vagina*, vulva, clitoris, genital*, spread pussy, wet pussy, her pussy, dildo*, bdsm, futanari, ahegao',
  'rape scene, raping, raped, rapist, molested, molesting, bestiality, zoophil*, incest, necrophil*',
  '色情片, 色情图, 色情的, 色情内容, 黄片, 做爱的, 正在做爱, 做爱场景, 做爱姿势, 性交的, 性交场面, 性交姿势, 口交姿势, 口交场景, 肛交, 自慰, 手淫, 阴茎, 阴道, 射精, 乱伦, 强奸, 兽交',
  'порно*, порнух*, секс, секса, сексом, половой акт, минет*, оргазм*, мастурб*, эякуля*, пенис*, вагин*, влагалищ*, групповуха, изнасил*, инцест*, зоофил*, хентай, трахать, трахает, трахаться, оргия',
  'porno*, sexo, sexo oral, sexo anal, mamada*, felacion, masturb*, orgasmo*, pene, eyacul*, orgia, violacion sexual, incesto, zoofilia',
  'geschlechtsverkehr, oralsex, analsex, sex haben, orgasmus, ejakul*, vergewaltig*, inzest, orgie, onanie*',
  'sexe oral, rapport sexuel, rapports sexuels, fellation*, orgasme*, vagin, ejacul*, partouze*, viol collectif, inceste, sodomie',
  'セックス*, ポルノ*, フェラ, フェラチオ, オナニー, 手コキ, 中出し, 射精, 性器, ペニス, 膣, 陰茎, 強姦, レイプ, 近親相姦, エロ画像, 性行為, ハメ撮り, アヘ顔, ふたなり',
  'pornografia, punheta, boquete*, estupro*, 섹스, 포르노, 성교, 강간',
  'porns, pornhub*, pr0n, cumming, cumshots, gang bang*, gang rape*, being raped, rape victim, jerking off, fuck, fucks, fucked, fucking, dick pic*, big dick, huge dick, sucking dick, big cock, huge cock, sucking cock, cunt, cunts, erect cock, seks',
  '色情影片, 色情视频, 色情写真, 色情漫画, 在做爱, 男女做爱, 做爱图, 做爱视频, 性爱场景, 性爱姿势, 性爱视频, 섹 스',
  'せっくす, えっち画像',
);

/** Bare skin, without more. */
const NUDITY = words(
  'nude, nudes, nudity, nudist*, naked, nakedness, topless, bottomless, undressed, unclothed, no clothes, without clothes, bare breasts, exposed breasts',
  'boobs, nipple, nipples, areola*, cameltoe, upskirt*, striptease, lingerie model, see through dress',
  '裸体, 裸照, 全裸, 半裸, 裸女, 赤裸, 乳房, 乳头, 没穿衣服, 不穿衣服',
  'голая, голый, голые, голое, голую, голой, голых, обнажен*, нагая, нагой, нагие, нагишом, без одежды, топлес, сиськи, раздет*, ню',
  'desnud*, sin ropa, tetas, pezon, pezones',
  'nackt, nackte, nackter, nacktes, nackten, nacktheit, unbekleidet*, ohne kleidung, oben ohne, brustwarze*, entblosst*',
  'nue, nues, tout nu, homme nu, corps nu, enfant nu, nudite, sans vetements, seins nus, denudee, deshabille*',
  'ヌード, 全裸, 裸の, 裸体, 裸婦, 乳首, おっぱい, 下着姿, トップレス, 半裸, 素っ裸',
  'nua, pelada, sem roupa, 나체, 누드, 알몸, 벗은 몸',
  'nekkid, top less, undressing, no clothing, without clothing, without any clothes, nothing on, big tits, huge tits, bare tits, titty, titties, nudez, desnudez, femme a poil, fille a poil, homme a poil, tout a poil, garcon nu, garcons nus, hommes nus',
  'голышом, голышам, голенький, голенькая, golaya, golyj, golyy, obnazhennaya, luoti, 누 드, ぬーど, すっぽんぽん, すっぱだか',
);

/** Wounds and death shown in detail. */
const GORE = words(
  'gore, gory, guro, dismember*, decapitat*, beheading, beheaded, disembowel*, entrails, eviscerat*, mutilat*, severed head, severed limb*, slit throat, hanged corpse, snuff film',
  'torture porn, self harm, cutting wrists, slit wrists, committing suicide, burned alive, mangled corpse, execution video',
  '血腥, 肢解, 断头, 斩首, 内脏外露, 剥皮, 自残, 割腕, 自杀, 碎尸',
  'расчлен*, обезглавл*, отрубленная голова, кишки наружу, внутренности наружу, самоубийств*, суицид*, вспоротый живот, содранная кожа',
  'desmembr*, decapitad*, decapitacion, mutilad*, visceras, suicidio, autolesion*, degollad*',
  'enthaupt*, zerstuckel*, verstummel*, eingeweide, selbstmord, selbstverletzung, ausgeweidet*',
  'decapit*, demembr*, mutile*, eventre*, visceres, se suicider, automutilation, egorge*',
  'グロ画像, 斬首, 生首, 内臓露出, 切断死体, 自殺, リストカット, 八つ裂き, 猟奇',
);

/** Signs and slogans of hatred; slurs are each server's to add, for they are many and change. */
const HATE = words(
  'nazi swastika, swastika flag, swastika armband, nazi salute, heil hitler, sieg heil, ku klux klan, kkk hood, white power, white supremacy, ss runes, gas the jews, lynching, blackface',
  '纳粹万字, 纳粹礼, 希特勒万岁, 三k党, 白人至上',
  'нацистская свастика, зиг хайль, хайль гитлер, нацистское приветствие, ку клукс клан, власть белых, белое превосходство',
  'esvastica nazi, saludo nazi, poder blanco, supremacia blanca, cruz gamada',
  'hakenkreuz*, hitlergruss, weisse macht, ss runen, judenhass',
  'croix gammee, salut nazi, pouvoir blanc, supremacie blanche',
  'ハーケンクロイツ, ナチス式敬礼, ハイルヒトラー, 白人至上主義',
);

export const WORD_LISTS: readonly WordList[] = [
  { id: 'explicit', verdicts: { strict: 'refuse', standard: 'refuse', adult: 'allow' }, words: EXPLICIT },
  { id: 'nudity', verdicts: { strict: 'refuse', standard: 'spoiler', adult: 'allow' }, words: NUDITY },
  { id: 'gore', verdicts: { strict: 'refuse', standard: 'spoiler', adult: 'allow' }, words: GORE },
  { id: 'hate', verdicts: { strict: 'refuse', standard: 'refuse', adult: 'allow' }, words: HATE },
];

/** Refused everywhere, for no server to switch off. */
export const NEVER = words(
  'lolicon, shotacon, toddlercon, child porn*, kiddie porn*, cp porn, csam, pedophil*, paedophil*, pedo porn, jailbait, underage porn, underage sex',
  '儿童色情, 恋童, 童交, 幼女色情, 萝莉控色情, 正太控色情',
  'детское порно, педофил*, лоликон, шотакон',
  'pornografia infantil, pedofil*',
  'kinderporn*, padophil*, kindesmissbrauch',
  'pedopornographi*, pornographie enfantine, pedophil*',
  'ロリコン, ショタコン, 児童ポルノ, 小児性愛',
  'cunny, hebephil*, ろりこん',
  '아동 포르노',
);

/** Children and teenagers. */
export const MINORS = words(
  'child, children, childlike, kid, kids, toddler*, infant, infants, baby, babies, newborn*, preteen*, pre teen*, tween, tweens, teen, teens, teenage, teenager, teenagers, underage*, under age, minor girl, minor boy, adolescent*, juvenile girl, juvenile boy',
  'little girl*, little boy*, young girl*, young boy*, small girl*, small boy*, school girl*, schoolgirl*, school boy*, schoolboy*, schoolchild*, elementary school*, primary school*, middle school*, kindergarten*, preschool*, grade schooler*',
  'loli, lolis, lolita*, shota, shotas, prepubescent*, prepubert*',
  '儿童, 孩子, 小孩, 女童, 男童, 幼女, 幼童, 婴儿, 宝宝, 萝莉, 正太, 未成年, 小女孩, 小男孩, 小学生, 初中生, 女高中生, 少年, 少女, 青少年',
  'ребенок, ребенка, ребенку, ребенком, дети, детей, детям, детьми, детский, детская, детское, детские, дитя, малыш*, младен*, подрост*, девочк*, мальчик*, школьник*, школьниц*, несовершеннолет*, малолет*, первоклас*, лоли, шота',
  'nino, nina, ninos, ninas, bebe, bebes, menor de edad, menores de edad, adolescente*, colegiala*, nenita*, chiquill*, infantil*, preadolescente*',
  'kinder, kindes, kleines kind, nacktes kind, kindlich*, kleinkind*, babys, saugling*, minderjahrig*, jugendliche, jugendlicher, jugendlichen, schulmadchen, schuljunge*, kleines madchen, kleiner junge, kleinen madchen, kleinen jungen, grundschul*',
  'enfant, enfants, fillette*, garconnet*, petite fille, petites filles, petit garcon, petits garcons, fille mineure, ecolier*, ecoliere*, collegien*, gamin, gamine, gamins, gamines, lyceenne*',
  '子供, 子ども, こども, 児童, 幼女, 幼児, 赤ちゃん, 赤ん坊, ロリ, ロリータ, ショタ, 未成年, 少女, 少年, 小学生, 中学生, 女子高生',
  'crianca*, menino*, menina*, 아이, 어린이, 아기, 미성년, 소녀, 소년, 초등학생, 중학생',
  'minors, nude minor*, naked minor*, sexy minor*, nude juvenile, naked juvenile, tweenager*, youngster*, tyke, tykes, lolicore, schoolkid*, school kid*, school age*, lil girl*, lil boy*, littlegirl*, littleboy*, younggirl*, youngboy*, highschooler*, high schooler*, high school girl*, high school boy*, high school student*, pre schooler*',
  'пацан*, 女子校生, ろりっ子, menor desnud*, menores desnud*, ado, ados, preado*, garcon nu, garcons nus',
  'nacktes madchen, nackte madchen, nackten madchen, nacktes maedchen, nackter junge, nackte jungen, schulerin*, schulmaedchen',
  '👶, 👧, 👦, 🧒',
);

/** What no picture of a child may be together with, beside the lists above. */
export const SUGGESTIVE = words(
  'sexy, sexual, sexually, sexualized, erotic*, seductive*, sensual*, lewd, slutty, slut, horny, aroused, provocative pose, lingerie, underwear, panties, thong, bra, bikini, micro bikini, cleavage, busty, breasts, big breasts, bare chest, tits, buttocks, spread legs, legs spread, bedroom eyes, stripping, bondage, fetish, wet shirt',
  '性感, 色诱, 诱惑, 穿内衣, 蕾丝内衣, 内裤, 胸罩, 比基尼, 丁字裤, 巨乳, 淫, 张开双腿, 湿身, 露点',
  'секси, сексуал*, эрот*, соблазнит*, трусиках, в трусах, лифчик*, бикини, нижнем белье, стринги, пошлая, пошлый, развратн*, возбужден*, раздвинув ноги, голышом, голенький, голенькая',
  'erotic*, seductor*, lenceria, bragas, tanga, sujetador, piernas abiertas, ropa interior',
  'sexuell*, erotisch*, verfuhrerisch*, unterwasche, unterhoschen, tanga, gespreizte beine, dessous',
  'sexuel*, erotique*, seduisant*, sensuel*, culotte, soutien gorge, jambes ecartees, sous vetements, en petite tenue',
  'セクシー, エロ, エロい, えっち, 官能, 誘惑, 下着, パンティ, パンツ丸見え, パンチラ, ブラジャー, ビキニ*, 巨乳, 緊縛, 開脚, 濡れ透け, いやらしい',
  'sexualised*, no pants, no panties, pantsless, 裸で, 裸に, 🔞',
);

/** In figures, also with the letters that pass for 1 and 0. */
const UNDER_18 = '(?:[1li|][0-7o]|[1-9])';
const UNDER_18_HAN = '(?:十[一二三四五六七]?|[一二三四五六七八九])';
const NUMBERS =
  '(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)';
const YEARS_OLD = '(?:yo|y\\.?\\s?o|y[/-]o|y-o|years?[\\s-]olds?|yrs?[\\s-]olds?|yrs?)';
const GRADES = '(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[1-9](?:st|nd|rd|th)|10th)';
const RUSSIAN_YEARS =
  '(?:двух|трех|четырех|пяти|шести|семи|восьми|девяти|десяти|(?:один|две|три|четыр|пят|шест|сем)надцати)летн';
const GERMAN_YEARS =
  '(?:zwei|drei|vier|funf|sechs|sieben|acht|neun|zehn|elf|zwolf|(?:drei|vier|funf|sech|sieb)zehn)jahrig';

/** Ages below 18 as people write them, over folded text; each is linear in the text. */
export const AGES: readonly RegExp[] = [
  `(?<![\\p{L}\\p{N}.,])${UNDER_18}\\s?-?\\s?${YEARS_OLD}(?!\\p{L})`,
  `(?<!\\p{L})(?:aged?|age of)\\s?[:=]?\\s?${UNDER_18}(?![\\p{L}\\p{N}.])`,
  `(?<!\\p{L})(?:aged|age of|age\\s?[:=])\\s?${NUMBERS}(?!\\p{L})`,
  `(?<!\\p{L})${NUMBERS}[\\s-]${YEARS_OLD}(?!\\p{L})`,
  `(?<!\\p{L})(?:girl|boy)s?(?:,\\s?|\\s\\(|\\s)${UNDER_18}\\s?(?:$|[),])`,
  `(?<!\\p{L})(?:girl|boy) of (?:${UNDER_18}|${NUMBERS})(?![\\p{L}\\p{N}])`,
  `(?<!\\p{L})(?:girl|boy)s?,? (?:${UNDER_18}|${NUMBERS}) years(?!\\p{L})`,
  `(?<!not )(?<!nobody )(?<!no one )(?<!\\p{L})(?:u\\s?|(?:under|below|younger than) )(?:18|eighteen)(?![\\p{L}\\p{N}])`,
  `(?<![\\p{L}\\p{N}])${GRADES}[\\s-]graders?(?!\\p{L})`,
  `(?<![\\p{N}.,])${UNDER_18}\\s?-?\\s?(?:лет|год|года|летн\\p{L}*|годовал\\p{L}*)(?!\\p{L})`,
  `(?<!\\p{L})${RUSSIAN_YEARS}\\p{L}*`,
  `(?<![\\p{N}.,])${UNDER_18}\\s?-?\\s?(?:anos|ans|jahre alt|jahrig\\p{L}*)(?!\\p{L})`,
  `(?<!\\p{L})${GERMAN_YEARS}\\p{L}*`,
  `(?<![\\p{N}.,])${UNDER_18}\\s?[岁歳才세살]`,
  `(?<![一二三四五六七八九十百])${UNDER_18_HAN}[岁歳才]`,
].map((source) => new RegExp(source, 'u'));
