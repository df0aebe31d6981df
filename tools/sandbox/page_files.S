/* The files of the page, as bytes of the program. PAGE_DIR is given by the build. Holds no code. */
    .section .rodata
    .macro embed symbol, folder, name
    .global \symbol
    .hidden \symbol
\symbol:
    .incbin "\folder\name"
    .global \symbol\()_end
    .hidden \symbol\()_end
\symbol\()_end:
    .byte 0
    .endm
    embed page_index_html, PAGE_DIR, "/index.html"
    embed page_style_css, PAGE_DIR, "/style.css"
    embed page_app_js, PAGE_DIR, "/app.js"
    embed page_shapes_css, PAGE_DIR, "/shapes.css"
    embed page_shapes_js, PAGE_DIR, "/shapes.js"
    embed page_attach_js, PAGE_DIR, "/attach.js"
    embed page_voice_ogg, PAGE_DIR, "/voice.ogg"
    embed page_voice_m4a, PAGE_DIR, "/voice.m4a"
    embed page_icon_svg, PAGE_DIR, "/icon.svg"
    .section .note.GNU-stack, "", %progbits
