# The files of the page, as bytes of the program. PAGE_DIR is given by the build.
    .section .rodata
    .macro file symbol, path
    .global \symbol
    .hidden \symbol
\symbol:
    .incbin \path
    .global \symbol\()_end
    .hidden \symbol\()_end
\symbol\()_end:
    .byte 0
    .endm
    file page_index_html, PAGE_DIR "/index.html"
    file page_style_css, PAGE_DIR "/style.css"
    file page_app_js, PAGE_DIR "/app.js"
    file page_icon_svg, PAGE_DIR "/icon.svg"
    .section .note.GNU-stack, "", %progbits
