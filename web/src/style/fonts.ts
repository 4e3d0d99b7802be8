/** Waits for the page's own type, but never long: text that changes its width later makes pages jump. */
export function fontsReady(): Promise<unknown> {
  const patience = new Promise((resolve) => setTimeout(resolve, 800));
  const fonts = Promise.all(['400 14px "Inter Variable"', '400 13px "Geist Mono Variable"'].map((font) => document.fonts.load(font)));
  return Promise.race([fonts.catch(() => undefined), patience]);
}
