; Leaves boot/ for an instance: the only code that is mapped, at the same address, by the page tables
; of both.

global boot_switch
global boot_switch_page

CR4_PGE equ 1 << 7

section .switch progbits alloc exec nowrite align=4096
bits 64

; boot_switch(RDI: CR3, RSI: entry point, RDX: its argument, RCX: its stack pointer). Does not return.
boot_switch_page:
boot_switch:
    mov cr3, rdi
    mov rax, cr4                    ; after CR3: no mapping of boot/ becomes global
    or rax, CR4_PGE
    mov cr4, rax
    mov rsp, rcx
    mov rdi, rdx
    xor ebp, ebp                    ; ends the chain of stack frames
    jmp rsi
