/// <reference types="vitest/config" />
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// The server's policy is default-src 'self' without eval: the translations are compiled without it, nothing is inlined into the page.
export default defineConfig({
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: "true", // Element Plus has a few of them
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
    __INTLIFY_DROP_MESSAGE_COMPILER__: "false",
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // ECharts alone, loaded when a chart is shown
  },
  worker: { format: "es" },
  server: { proxy: { "/api": process.env.BOARD ?? "http://127.0.0.1:8080" } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
