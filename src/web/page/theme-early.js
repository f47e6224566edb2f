// Runs before the page is painted, so that nobody who chose dark sees a flash of light.
try {
  const theme = localStorage.getItem("clickstream-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be switched off.
}
