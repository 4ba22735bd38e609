import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

// The built files are committed, so their names are fixed: a change then shows as a change, not as a new file.
export default defineConfig(({ mode }) => ({
  base: "/page/",
  plugins: [react()],
  build: {
    outDir: "../bolt_sandbox/page",
    emptyOutDir: true,
    sourcemap: false,
    license: { fileName: "licenses.md" },
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: "assets/page.js",
        assetFileNames: "assets/page[extname]",
      },
    },
  },
  server: {
    // To run `npm run dev` with a sandbox: SANDBOX=http://127.0.0.1:8391 npm run dev
    proxy: { "/control": loadEnv(mode, ".", "SANDBOX")["SANDBOX"] ?? "http://127.0.0.1:8390" },
  },
}));
