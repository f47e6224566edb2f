/** @typedef {"system" | "light" | "dark"} Theme */

const KEY = "clickstream-theme";

/** @returns {Theme} */
export function chosenTheme() {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** Shows it, keeps it for the next visit, and tells those who draw. @param {Theme} theme */
export function chooseTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage can be switched off; then the choice lasts as long as the page.
  }
  tell();
}

/** Tells of changes that the system makes, too. */
export function followSystemTheme() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
}

function tell() {
  document.dispatchEvent(new Event("themechange"));
}
