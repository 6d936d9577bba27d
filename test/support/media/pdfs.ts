import { deflateSync } from 'node:zlib';

type PdfObject = string | { dictionary: string; content: Buffer };

/** A PDF of these objects, numbered from 1, of which the first is its catalog (ISO 32000-1, 7.5). @param trailer more of its entries */
export function pdfOf(objects: PdfObject[], trailer = ''): Buffer {
  const parts = [Buffer.from('%PDF-1.7\n')];
  let length = parts[0]!.length;
  const offsets = objects.map((object, at) => {
    const offset = length;
    const written = Buffer.concat([Buffer.from(`${at + 1} 0 obj\n`), bodyOf(object), Buffer.from('\nendobj\n')]);
    parts.push(written);
    length += written.length;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const known = `<</Root 1 0 R/Size ${size}${trailer.replaceAll('THIS_TABLE', String(length))}>>`;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n${known}\nstartxref\n${length}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(end)]);
}

/** As many pages as colors (`r g b`, 0 to 1), each 300 by 400 points and filled with its color. */
export function coloredPdf(colors: string[]): Buffer {
  const kids = colors.map((_, at) => `${3 + 2 * at} 0 R`).join(' ');
  const pages = colors.flatMap((color, at): PdfObject[] => [
    pageOf(`/Contents ${4 + 2 * at} 0 R`),
    { dictionary: '', content: Buffer.from(`${color} rg 0 0 300 400 re f`) },
  ]);
  return pdfOf([CATALOG, `<</Type/Pages/Kids[${kids}]/Count ${colors.length}>>`, ...pages]);
}

/** One page that draws itself ten to the power of thirty times: a kilobyte that takes forever. */
export function endlessPdf(): Buffer {
  const LEVELS = 30;
  const form = '/Type/XObject/Subtype/Form/BBox[0 0 300 400]';
  const levels = Array.from({ length: LEVELS }, (_, at): PdfObject => {
    const deeper = at + 1 < LEVELS;
    const dictionary = `${form}/Resources<<${deeper ? `/XObject<</X ${6 + at} 0 R>>` : ''}>>`;
    return { dictionary, content: Buffer.from(deeper ? '/X Do '.repeat(10) : '0 0 300 400 re f') };
  });
  const page = pageOf('/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>');
  return pdfOf([CATALOG, ONE_PAGE, page, { dictionary: '', content: Buffer.from('/X Do') }, ...levels]);
}

/** PDFs that somebody made to do harm, by what they are. @param url an address that must not be called */
export function hostilePdfs(url: string): Record<string, Buffer> {
  const drawn = coloredPdf(['1 0 0']);
  const sized = (box: string) =>
    pdfOf([CATALOG, ONE_PAGE, `<</Type/Page/Parent 2 0 R/MediaBox[${box}]/Contents 4 0 R>>`, RED]);
  return {
    'a PDF that calls': callingPdf(url),
    'a PDF of 14,400 points': sized('0 0 14400 14400'),
    'a PDF of a billion points': sized('0 0 1000000000 1000000000'),
    'a PDF as thin as a line': sized('0 0 14400 0.001'),
    'half a PDF': drawn.subarray(0, drawn.length / 2),
    'a PDF with a header alone': drawn.subarray(0, 9),
    'an encrypted PDF': pdfOf([CATALOG, ONE_PAGE, pageOf('/Contents 4 0 R'), RED], ENCRYPTED),
    'a PDF whose page swells': pdfOf([CATALOG, ONE_PAGE, pageOf('/Contents 4 0 R'), swelling(10_000_000)]),
    'a PDF with a picture of 400 million pixels': pictured(20_000),
    'a PDF that wants 1.25 GB at once': greedy(100_000),
    'a PDF whose table follows itself': pdfOf([CATALOG, ONE_PAGE, pageOf('/Contents 4 0 R'), RED], '/Prev THIS_TABLE'),
    'a PDF whose pages contain themselves': pdfOf([CATALOG, '<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2000000000>>']),
    'a PDF of no pages': pdfOf([CATALOG, '<</Type/Pages/Kids[]/Count 0>>']),
  };
}

const CATALOG = '<</Type/Catalog/Pages 2 0 R>>';
const ONE_PAGE = '<</Type/Pages/Kids[3 0 R]/Count 1>>';
const pageOf = (more: string) => `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]${more}>>`;
const RED: PdfObject = { dictionary: '', content: Buffer.from('1 0 0 rg 0 0 300 400 re f') };
/** With a password that nobody knows: what would prove it is not its hash. */
const ENCRYPTED = `/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<${'11'.repeat(32)}>/U<${'22'.repeat(32)}>>>`;

function bodyOf(object: PdfObject): Buffer {
  if (typeof object === 'string') return Buffer.from(object);
  const { dictionary, content } = object;
  const head = Buffer.from(`<<${dictionary}/Length ${content.length}>>\nstream\n`);
  return Buffer.concat([head, content, Buffer.from('\nendstream')]);
}

const swelling = (bytes: number): PdfObject => ({
  dictionary: '/Filter/FlateDecode',
  content: deflateSync(Buffer.alloc(bytes, 'q 0 0 1 1 re f Q '), { level: 9 }),
});

function pictured(side: number): Buffer {
  const filter = '/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode';
  return pictureOf(side, filter, deflateSync(Buffer.alloc(100_000)));
}

/** JBIG2 is decoded whole, at a bit a pixel: of its segments, only the one that says how large the page is (ITU-T T.88, 7.4.8). */
function greedy(side: number): Buffer {
  const segment = Buffer.alloc(11 + 19);
  segment.set([48, 0, 1], 4);
  segment.writeUInt32BE(19, 7);
  segment.writeUInt32BE(side, 11);
  segment.writeUInt32BE(side, 15);
  return pictureOf(100, '/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode', segment);
}

function pictureOf(side: number, more: string, content: Buffer): Buffer {
  const page = pageOf('/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>');
  const drawing = { dictionary: '', content: Buffer.from('300 0 0 400 0 0 cm /X Do') };
  const dictionary = `/Type/XObject/Subtype/Image/Width ${side}/Height ${side}${more}`;
  return pdfOf([CATALOG, ONE_PAGE, page, drawing, { dictionary, content }]);
}

/** All by which a document may have its reader run, open, send or fetch something (ISO 32000-1, 7.11, 12.6 and 12.7). */
function callingPdf(url: string): Buffer {
  const call = (kind: string) => `(${url}/${kind})`;
  const script = `<</S/JavaScript/JS(app.launchURL\\("${url}/script"\\);this.submitForm\\("${url}/form"\\);)>>`;
  const program = `<</S/Launch/F<</Type/Filespec/F(curl ${url}/launch)>>/Unix<</F(curl ${url}/unix)>>>>`;
  const opened = `[${script}<</S/URI/URI${call('uri')}>>${program}]`;
  const elsewhere = (kind: string) => `<</Type/Filespec/FS/URL/F${call(kind)}>>`;
  const catalog =
    `<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI${call('open')}/Next${opened}>>` +
    `/Names<</JavaScript<</Names[(x)${script}]>>>>/AA<</WC${script}>>/URI<</Base${call('base')}>>>>`;
  const page = pageOf(
    `/AA<</O${program}>>/Contents 4 0 R/Resources<</XObject<</X 5 0 R/Y 6 0 R>>>>` +
      `/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 300 400]/A<</S/GoToR/F${elsewhere('goto')}/D[0/Fit]>>>>]`,
  );
  const picture = `/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray`;
  const form = `/Type/XObject/Subtype/Form/BBox[0 0 300 400]/Ref<</F${elsewhere('reference')}/Page 0>>`;
  return pdfOf([
    catalog,
    ONE_PAGE,
    page,
    { dictionary: '', content: Buffer.from('q 300 0 0 400 0 0 cm /X Do Q /Y Do') },
    { dictionary: `${picture}/F${elsewhere('stream')}`, content: Buffer.from('x') },
    { dictionary: form, content: Buffer.from('1 0 0 rg 0 0 300 400 re f') },
  ]);
}
